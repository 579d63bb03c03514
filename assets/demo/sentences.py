"""Sentences of the demo corpus, written for it (MIT licence).

Each of `BEARING` holds sentences whose words carry the emotion (the neutral ones are
plain reports); `SHARED` holds sentences whose words carry none and that every voice that
has them says in all four emotions. Four to ten words each.
"""

from __future__ import annotations

ANGRY = """
You broke my phone and never said sorry!
Stop shouting at me in front of everyone!
This is the third time you have lied.
Get your filthy hands off my things!
I have had enough of your excuses.
How dare you read my private letters!
You had no right to sell that car.
They cheated us out of every penny.
I told you never to touch it!
Who gave you permission to come in here?
That was a disgusting thing to say.
You ruined the whole evening on purpose.
I will not be spoken to like that!
Your dog has bitten my son again!
Get out of my house right now!
Nobody insults my mother and walks away.
You always blame me for your mistakes.
The landlord is a thief and a bully.
I am sick of cleaning up your mess.
Don't you ever hang up on me again!
They towed my car for no reason at all!
What on earth is wrong with you people?
You promised, and you broke it again!
I want to speak to your manager immediately.
This is an outrage, and you know it.
You selfish brat, give that back!
He deliberately scratched the side of my van.
Shut up and let me finish for once!
I hate the way you treat her.
You wasted my whole day, you idiot!
How many times must I repeat myself?
She stole my idea and took the credit!
Take your stupid papers off my desk!
That referee robbed us, plain and simple.
I refuse to pay for this garbage!
You had better apologise to her this instant.
They fired him without any warning, those cowards.
Turn that awful noise down or I will!
You are driving me completely mad!
Leave my sister alone, you bully!
This company treats its workers like dirt.
Don't lie to my face about it!
My neighbour keeps blocking our gate, damn him.
You went behind my back, you traitor!
I am furious that nobody warned us.
Stop wasting my money on nonsense!
It makes my blood boil to see this.
You have no respect for anybody but yourself.
"""

HAPPY = """
We won the cup, I can't believe it!
She said yes, we are getting married!
What a gorgeous day for a picnic!
I passed every single exam this year!
The baby laughed for the first time today!
You made me the happiest person alive.
My brother is finally coming home tomorrow!
I love this song, come and dance!
Thank you so much for the wonderful flowers!
We are going to the seaside, hooray!
Grandma adored the present you made her.
It is so good to see you again!
I got the job, and it's perfect!
The puppies are adorable, look at them play!
What a fantastic surprise party that was!
Our little team came first, well done everyone!
I have never laughed so much in my life.
The garden is full of roses, how lovely!
Guess what, we are having twins!
That was the best concert I ever heard.
You look amazing in that dress!
The doctor says she is completely healthy again!
Let's celebrate with the biggest cake they have!
I am so proud of you, my darling.
Everything turned out even better than we hoped.
My painting won first prize at the fair!
We get two more weeks of holiday, fantastic!
The children jumped for joy in the snow.
Your kind letter made my whole week.
I can't stop smiling since we met.
We danced until sunrise and loved every minute.
It's a girl, and she is beautiful!
Wow, this chocolate cake is delicious!
At last we have a home of our own!
He kissed me under the fireworks last night!
Hurray, the sun is shining again!
I am thrilled to be here with you.
My best friend is visiting for my birthday!
They loved my story and want another one!
What delightful news, congratulations to you both!
I feel wonderful, like I could fly!
Our cat came back safe and sound!
You are brilliant, I could hug you!
The whole family cheered when she crossed the line.
This is exactly what I always wished for!
Come on in, we have such good news!
I woke up grateful and full of energy.
The show was hilarious, we laughed until we cried!
"""

SAD = """
My grandmother died on Sunday morning.
I miss him more every single day.
Nobody came to my birthday this year.
She left without even saying goodbye.
We had to bury our old dog yesterday.
I have no friends left in this town.
The house feels so empty without her.
I cried myself to sleep again last night.
He will never walk again, they told us.
All our photographs were lost in the fire.
I failed, and I let everybody down.
There is nothing left to hope for.
My son has not spoken to me in years.
They are closing the school where we met.
I wish I had told her I loved her.
It hurts too much to talk about it.
Her chair has been empty since the funeral.
I am so lonely in the evenings.
The doctors say there is no cure.
We lost the baby in the spring.
My parents are getting divorced after all.
I never got the chance to say sorry.
He forgot me, and it broke my heart.
Everything I worked for is gone.
The little bird died in my hands.
She waited at the station, but nobody came.
I feel so tired of being alone.
They buried him next to his brother.
My best friend is moving away for good.
I can't remember the sound of her voice.
The letter said he was killed in the war.
We had to sell the farm my father built.
Nothing has been the same since you left.
I just want to stay in bed and weep.
The old man wept quietly beside the grave.
My marriage is over, and I blame myself.
It was the last time I saw her alive.
She lost her sight, and then her job.
No one remembers him anymore.
I disappointed the only people who believed in me.
The children are asking where their mother is.
I don't know how to go on without him.
We said our last farewell in the rain.
He gave up his dream and never spoke of it.
My heart aches whenever I pass that house.
Too many of my friends are dead now.
I am afraid she is slipping away from us.
Even the garden has withered since he passed.
"""

NEUTRAL = """
The meeting starts at three in room twelve.
Please sign the form on the second page.
The library closes at six on weekdays.
Water boils at a hundred degrees at sea level.
The report has four chapters and an index.
Our office is on the fourth floor.
The next bus stops opposite the post office.
Press the green button to start the printer.
The parcel weighs about two kilograms.
She works in the accounts department.
The price includes tax and delivery.
Copper conducts electricity better than iron.
The map shows the northern part of the county.
You can renew the licence by post.
The lecture was moved to Thursday afternoon.
Add a spoon of salt to the water.
The museum opens at half past nine.
There are thirty pages in the manual.
The invoice was sent on the tenth of March.
This road leads to the industrial estate.
The committee meets twice a month.
The table is made of oak and steel.
He teaches geography at the secondary school.
The train to Leeds departs from platform five.
The survey has twenty short questions.
Turn left at the second set of lights.
The form asks for your date of birth.
The laptop needs about an hour to charge.
The river flows through three counties.
Store the medicine below twenty five degrees.
The contract runs until the end of June.
The figures are listed in the second column.
The town has around nine thousand residents.
Dinner is served between seven and nine.
The file is saved in the shared folder.
The flight takes a little over two hours.
The shelf is ninety centimetres wide.
The recipe needs flour, butter and two eggs.
The average temperature in April is ten degrees.
The second edition appeared in nineteen eighty.
The car park is behind the town hall.
The data are updated every fifteen minutes.
The bank requires proof of address.
The lift goes to the sixth floor only.
The course consists of eight weekly sessions.
The pipe connects the tank to the pump.
The ferry crosses the bay twice a day.
The timetable changes on the first of October.
"""

_SHARED = """
The bag is lying on the chair.
He will be there at about eight.
They have moved the table to the window.
I put the letter on the kitchen counter.
She is talking to the man next door.
We are going there again on Monday.
The children are in the other room.
That is the number they gave me.
You can see it from the bridge.
He brought the box up this morning.
It will happen in about an hour.
I told them about it on Friday.
The door at the back was open.
There are two cups on the table.
She put her coat over the sofa.
They say the road is being changed.
We talked about it in the car.
My sister called while you were out.
The blue folder belongs to Peter.
I am going to the office now.
He has been working on it all week.
The paper is under the green lamp.
Somebody left this for you downstairs.
It was on the other side of town.
"""

EMOTIONS = ("angry", "happy", "sad", "neutral")


def _lines(block: str) -> tuple[str, ...]:
    return tuple(block.strip().splitlines())


BEARING = {
    "angry": _lines(ANGRY),
    "happy": _lines(HAPPY),
    "sad": _lines(SAD),
    "neutral": _lines(NEUTRAL),
}
"""Emotion -> sentences whose words carry it."""

SHARED = _lines(_SHARED)
"""Sentences whose words carry no emotion."""
